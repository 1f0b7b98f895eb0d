import type { Manifest } from '../manifests/parse-manifests.ts';

/** The image of the examples: it stands for the commands of the machine. */
export const hostImage = 'burstlet.dev/host';

/** The same objects with `image` wherever they name the image that stands for the machine. */
export function onImage(manifests: readonly Manifest[], image: string): readonly Manifest[] {
  return manifests.map((manifest) => {
    const object = JSON.parse(JSON.stringify(manifest.object), (key, value: unknown) =>
      key === 'image' && isHostImage(value) ? image : value,
    ) as Manifest['object'];
    return { ...manifest, object };
  });
}

function isHostImage(value: unknown): boolean {
  return typeof value === 'string' && (value === hostImage || value.startsWith(`${hostImage}:`));
}
