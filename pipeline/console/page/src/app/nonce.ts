import { setNonce } from "get-nonce";

/** The nonce under which the content security policy of this answer allows styles. */
export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>("meta[name=csp-nonce]")?.content ?? "";
}

// Read by what locks scrolling behind an open dialog.
setNonce(styleNonce());
