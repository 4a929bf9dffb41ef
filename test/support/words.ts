/** A table of strings without spaces in them, for lists that would be a line each as an array. */
export const words = (text: string): string[] => text.trim().split(/\s+/)
