/** What an attempt asked to have done after its completion was answered. */
export class CleanUps {
  private readonly steps: (() => Promise<void>)[] = [];

  readonly add = (step: () => Promise<void>): void => {
    this.steps.push(step);
  };

  get isEmpty(): boolean {
    return this.steps.length === 0;
  }

  /** Does all of it; the attempt is over, so a fault is only told. */
  async run(onFault: (error: unknown) => void = () => undefined): Promise<void> {
    for (const step of this.steps.splice(0)) await step().catch(onFault);
  }
}
