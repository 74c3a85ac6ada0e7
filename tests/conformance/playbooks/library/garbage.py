#!/usr/bin/python
"""Prints nothing that is JSON, and bytes that are no text."""

import sys


def main():
    sys.stdout.buffer.write(b"{garbage \xff\xfe\n")
    sys.stderr.write("garbage too\n")


# from ansible.module_utils.basic import AnsibleModule makes Ansible take this for one of its own kind.
if __name__ == "__main__":
    main()
