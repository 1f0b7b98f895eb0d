const letters = 'bcdfghjklmnpqrstvwxz2456789';

/** Five letters as generated names have them: no vowels, nothing that reads as another. */
export function suffix(random: () => number): string {
  return Array.from({ length: 5 }, () => letters[Math.floor(random() * letters.length)]).join('');
}
