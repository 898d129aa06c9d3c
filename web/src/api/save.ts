// A file that a request with a body brings: it lands where downloads land.

/** Hands a text over to the browser as a file. */
export function save(text: string, name: string, type: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken it once it turns to other things.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
