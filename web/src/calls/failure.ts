// A call's failure in gRPC's own words, whichever of its shapes it came in.

import { Code, ConnectError, decodeBinaryHeader } from "@connectrpc/connect";

const SERVER_KEY = "lbdemo-server-bin"; // by which a server signs an error, where there is no answer to carry its name

/** `code` as gRPC names it, `text` what was said of it, `server` who signed it ("" for nobody). */
export type Failure = { readonly code: string; readonly text: string; readonly server: string };

/** What any exception of a call says. */
export function failure(reason: unknown): Failure {
  const error = ConnectError.from(reason, Code.Unknown);
  const text = error.cause instanceof TypeError ? `no answer: ${error.rawMessage}` : error.rawMessage;
  return { code: codeName(error.code), text, server: signature(error.metadata) };
}

/** gRPC's name of a code: DEADLINE_EXCEEDED. */
export function codeName(code: Code): string {
  if (code === Code.Canceled) {
    return "CANCELLED";
  }
  return (Code[code] ?? "Unknown").replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}

function signature(metadata: Headers): string {
  const value = metadata.get(SERVER_KEY);
  try {
    return value ? new TextDecoder().decode(decodeBinaryHeader(value)) : "";
  } catch {
    return ""; // anybody may write there what they like
  }
}
