import { Button, type ButtonProps } from "@patternfly/react-core/dist/esm/components/Button";
import { createLink } from "@tanstack/react-router";
import type { ReactElement } from "react";

/** A link of the router that looks like a button: `<LinkButton to="/launch" variant="primary">`. */
export const LinkButton = createLink(AnchorButton);

function AnchorButton(props: Omit<ButtonProps, "component">): ReactElement {
  return <Button {...props} component="a" />;
}
