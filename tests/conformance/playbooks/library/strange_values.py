#!/usr/bin/python
"""Returns what JSON can hold and few expect."""

from ansible.module_utils.basic import AnsibleModule


def main():
    module = AnsibleModule(argument_spec={})
    module.exit_json(
        changed=False,
        big=2**70,
        float=1.0e-7,
        none=None,
        empty={},
        lines=["a\u2028b", "tab\there", "\u0000"],
        nested=[[[[[[1]]]]]],
        failed_when_result=False,
        item="not a loop",
        results="no list",
        rc=0,
    )


if __name__ == "__main__":
    main()
