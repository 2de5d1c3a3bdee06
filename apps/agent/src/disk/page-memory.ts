/** Of the JavaScript engine, not in the library types that this project uses. Its memory starts on a page. */
declare const WebAssembly: { Memory: new (size: { initial: number }) => { buffer: ArrayBuffer } }

const WASM_PAGE = 64 * 1024

/** Memory that starts on a page, as direct disk I/O wants it (`direct-io.ts`); for buffers that live long and are few. */
export function pageMemory(bytes: number): Buffer {
  const { buffer } = new WebAssembly.Memory({ initial: Math.ceil(bytes / WASM_PAGE) })
  return Buffer.from(buffer, 0, bytes)
}
