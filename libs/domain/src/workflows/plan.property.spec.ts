import { workflowTemplate } from '@reelay/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileTemplate } from './compile.js';
import { isOpen } from './run.js';
import { SampleRun } from './samples.js';

/** Any graph: each step may need any of those before it. */
const graphs = fc
  .array(
    fc.record({
      needs: fc.array(fc.nat(30), { maxLength: 3 }),
      forEach: fc.option(fc.array(fc.nat(9), { maxLength: 4 }), { nil: undefined, freq: 3 }),
      skipped: fc.boolean(),
      guarded: fc.option(fc.constant(true), { nil: undefined, freq: 4 }),
      onError: fc.constantFrom('fail', 'continue', 'hold'),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((steps) =>
    steps.map(({ needs, forEach, guarded, skipped, onError }, index) => ({
      id: `s${String(index)}`,
      job: 'work',
      needs: index === 0 ? [] : [...new Set(needs.map((need) => `s${String(need % index)}`))],
      onError,
      ...(forEach ? { forEach } : {}),
      ...(guarded ? { when: `\${${String(!skipped)}}` } : {}),
    })),
  );

/** Which of the open jobs ends next, how, and whether it is noticed at once. */
const events = fc.array(
  fc.record({
    pick: fc.nat(1_000),
    fails: fc.option(fc.constantFrom('failed' as const, 'cancelled' as const), { nil: null, freq: 8 }),
    noticed: fc.boolean(),
    again: fc.boolean(),
  }),
  { maxLength: 60 },
);

/** Carries on until nothing is open: first by the events, then all that is left is completed. */
function carryOut(steps: object[], happenings: typeof events extends fc.Arbitrary<infer T> ? T : never): SampleRun {
  const sample = new SampleRun(compileTemplate(workflowTemplate.parse({ name: 'any', steps })));
  const rest = [...happenings];
  for (;;) {
    // What nobody noticed is found when nothing is under way any more.
    if (!sample.run.jobs.some(isOpen)) sample.advance();
    const open = sample.run.jobs.filter(isOpen);
    const { pick, fails, noticed, again } = rest.shift() ?? { pick: 0, fails: null, noticed: true, again: false };
    const job = open[pick % open.length];
    if (!job) break;
    sample.mark(job.step, fails ?? 'completed', {}, job.branch);
    if (noticed) sample.advance();
    if (again) sample.advance();
  }
  return sample;
}

describe('any run, in whatever order its jobs end', () => {
  it('starts each job once and never before what it needs, and ends once unless it is held', () => {
    fc.assert(
      fc.property(graphs, events, (steps, happenings) => {
        const sample = carryOut(steps, happenings);
        const nodes = sample.started.map(({ step, branch }) => `${step} ${String(branch)}`);
        expect(new Set(nodes).size).toBe(nodes.length);
        const isOver = sample.run.status !== 'held';
        expect(sample.ends).toBe(isOver ? 1 : 0);
        sample.advance();
        expect(sample.plan.start).toEqual([]);
        expect(sample.ends).toBe(isOver ? 1 : 0);
        const first = new Map(sample.names.map((step, place) => [step, place] as const).reverse());
        for (const { id, needs } of steps) {
          for (const need of needs) {
            if (first.has(id) && first.has(need)) expect(first.get(need)).toBeLessThan(first.get(id)!);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('completes when nothing fails, with a job for each item of each step that is not skipped', () => {
    fc.assert(
      fc.property(graphs, events, (steps, happenings) => {
        const sample = carryOut(
          steps,
          happenings.map((happening) => ({ ...happening, fails: null })),
        );
        expect(sample.run.status).toBe('completed');
        const wanted = steps.flatMap((step) =>
          step.when === '${false}' ? [] : (step.forEach ?? [null]).map((_, branch) => `${step.id} ${String(branch)}`),
        );
        expect(sample.started.map(({ step, branch }) => `${step} ${String(branch)}`).sort()).toEqual(wanted.sort());
      }),
      { numRuns: 300 },
    );
  });

  it('leaves nothing open when it failed, and every step told as over', () => {
    fc.assert(
      fc.property(graphs, events, (steps, happenings) => {
        const sample = carryOut(steps, happenings);
        if (sample.run.status !== 'failed') return;
        expect(sample.run.jobs.filter(isOpen)).toEqual([]);
        expect(Object.values(sample.told).filter((status) => ['waiting', 'running', 'held'].includes(status))).toEqual(
          [],
        );
      }),
      { numRuns: 300 },
    );
  });
});
