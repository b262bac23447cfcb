import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Tests of whole systems, some of them short files that take minutes. */
const ofWholeSystems = /\/(chaos|apps\/\w+\/tests)\//

/** Vitest's order, but with the longest at the start: one that begins last keeps a single worker busy at the end. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification) => ofWholeSystems.test(moduleId)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}
