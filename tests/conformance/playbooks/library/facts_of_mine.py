#!/usr/bin/python
"""Returns facts."""

from ansible.module_utils.basic import AnsibleModule


def main():
    module = AnsibleModule(argument_spec={})
    module.exit_json(changed=False, ansible_facts={"mine": {"depth": [1, {"two": "three"}]}, "ansible_colour": "blue"})


if __name__ == "__main__":
    main()
