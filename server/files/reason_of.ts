/**
 * Why a file could not be used, in words for the user of the command line. Node's own begin with a code and end with the
 * path, which our sentences have already.
 */

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EISDIR: "it is a directory",
  ENOTDIR: "a part of the path is not a directory",
  ENOSPC: "no space left on the device",
  EEXIST: "it exists already",
  EROFS: "the file system is read-only",
};

/** The reason of a system error without the call and path that Node puts around it. */
export function reasonOf(error: Error): string {
  return reasons[(error as { code?: string }).code ?? ""] ?? error.message;
}
