const SLASH = Buffer.from('/')

/** Paths of sources are bytes, as the file system has them; they are made text only to be shown. */
export function joinBytes(folder: Uint8Array, name: Uint8Array): Buffer {
  if (folder.length === 0) return Buffer.from(name)
  return folder.at(-1) === 0x2f ? Buffer.concat([folder, name]) : Buffer.concat([folder, SLASH, name])
}

/** For messages and progress: UTF-8, with replacement characters where it is none. */
export const showPath = (path: Uint8Array): string => Buffer.from(path).toString('utf8')
