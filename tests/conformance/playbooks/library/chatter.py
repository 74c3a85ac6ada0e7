#!/usr/bin/python
"""Prints what is not JSON before and after what is."""

from ansible.module_utils.basic import AnsibleModule


def main():
    module = AnsibleModule(argument_spec={})
    print("chatter before")
    import atexit

    atexit.register(lambda: print("chatter after"))
    module.exit_json(changed=True, said="between")


if __name__ == "__main__":
    main()
