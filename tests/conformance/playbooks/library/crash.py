#!/usr/bin/python
"""Raises what nobody catches."""

from ansible.module_utils.basic import AnsibleModule


def main():
    AnsibleModule(argument_spec={})
    raise RuntimeError("a crash <b>in</b> a module")


if __name__ == "__main__":
    main()
