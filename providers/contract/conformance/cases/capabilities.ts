import assert from 'node:assert/strict';
import { podFeatures } from '../../features.ts';
import type { CaseDefinition } from '../case.ts';

export const capabilityCases: readonly CaseDefinition[] = [
  {
    name: 'capabilities decide every Pod feature, and refusals say why and what to do instead',
    async act({ provider }) {
      const { features, os, arch, images } = provider.capabilities();
      const missing = podFeatures.filter((feature) => features[feature] === undefined);
      assert.deepEqual(missing, [], `features without a decision: ${missing.join(', ')}`);
      const strangers = Object.keys(features).filter((name) => !podFeatures.some((known) => known === name));
      assert.deepEqual(strangers, [], `not in the catalogue of features: ${strangers.join(', ')}`);
      for (const feature of podFeatures) {
        const decision = features[feature];
        if (decision.support === 'emulated')
          assert.ok(decision.how.trim(), `${feature} is emulated without saying how`);
        if (decision.support === 'refused') {
          assert.ok(decision.why.trim(), `${feature} is refused without saying why`);
          assert.ok(decision.instead.trim(), `${feature} is refused without saying what to do instead`);
        }
      }
      assert.ok(os.length > 0 && arch.length > 0, 'no operating system or no architecture');
      if (images)
        assert.ok(images.why.trim() && images.instead.trim(), 'images are limited without a reason');
      return undefined;
    },
  },
  {
    name: 'capabilities never change',
    async act(stage) {
      const before = structuredClone(stage.provider.capabilities());
      await stage.start(stage.spec({ containers: { main: {} } }));
      assert.deepEqual(stage.provider.capabilities(), before);
      return undefined;
    },
  },
  {
    name: 'the name fits a container ID, and there is capacity',
    async act(stage) {
      assert.match(stage.provider.name, /^[a-z][a-z0-9-]*$/, 'the name is not lower case and short');
      const { instances, resources } = await stage.call('capacity', (provider, signal) =>
        provider.capacity(signal),
      );
      assert.ok(Number.isInteger(instances) && instances > 0, `room for ${instances} instances`);
      assert.ok((resources.cpuMillis ?? 0) > 0, 'no CPU');
      assert.ok((resources.memoryBytes ?? 0) > 0, 'no memory');
      return undefined;
    },
  },
];
