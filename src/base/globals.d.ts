// The few globals that Node and browsers share and that the core may use; everything else is passed in.
// (The core is type-checked without Node's and the DOM's types: see tsconfig.core.json.)
interface TextEncoder { encode(text: string): Uint8Array<ArrayBuffer> }
declare var TextEncoder: { new (): TextEncoder }
interface TextDecoder { decode(bytes: Uint8Array): string }
declare var TextDecoder: { new (): TextDecoder }
interface AbortSignal { readonly aborted: boolean }
interface ImportMeta { readonly url: string }
