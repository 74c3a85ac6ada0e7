#!/usr/bin/python
"""Warns, and calls something deprecated."""

from ansible.module_utils.basic import AnsibleModule


def main():
    module = AnsibleModule(argument_spec={})
    module.warn("a warning of the module")
    module.deprecate("an old way", version="99.0", collection_name="oracle.corpus")
    module.exit_json(changed=False, warned=True)


if __name__ == "__main__":
    main()
