import { parseConfigFile } from '../../src/config/config-file.ts';
import { settingsOfFile } from '../../src/config/settings-of.ts';
import { blocksOf, type Fault, type Page } from './markdown-files.ts';

/** By this line a block of YAML says that it is a burstlet.yaml. */
const mark = /^apiVersion: burstlet\.dev\//m;

/** Examples of burstlet.yaml that `burstlet run` would refuse. */
export function brokenConfigs({ file, text }: Page): Fault[] {
  return blocksOf(text)
    .filter((block) => block.info.split(' ')[0] === 'yaml' && mark.test(block.text))
    .flatMap(({ line, text: yaml }) => {
      try {
        settingsOfFile(parseConfigFile(yaml, 'burstlet.yaml'));
        return [];
      } catch (error) {
        return [{ file, line, what: error instanceof Error ? error.message : String(error) }];
      }
    });
}
