/** The head and foot of a dialog. They are not the banner and the footer of the page, which is how a bare <header> and <footer> would be read. */
import { ModalFooter, type ModalFooterProps, ModalHeader, type ModalHeaderProps } from '@patternfly/react-core';

const PLAIN = { role: 'presentation' };

export function DialogHead(props: ModalHeaderProps) {
  return <ModalHeader {...(props.titleIconVariant ? { titleScreenReaderText: 'Warning:' } : {})} {...props} {...PLAIN} />;
}

export function DialogFoot(props: ModalFooterProps) {
  return <ModalFooter {...props} {...PLAIN} />;
}
