#!/bin/sh
# Ad-hoc commands are recorded like playbooks (see bin_ansible_callbacks in ansible.cfg). Run this from its own folder.
set -e

ansible web -m ansible.builtin.ping
ansible db -m ansible.builtin.command -a 'uname -a'
