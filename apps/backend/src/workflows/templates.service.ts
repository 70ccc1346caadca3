import { Injectable } from '@nestjs/common';
import {
  BUILT_IN_TEMPLATES,
  parseTemplateReference,
  type BuiltInTemplate,
  type TemplateDetail,
  type TemplateSummary,
  type TemplateView,
  type WorkflowTemplate,
} from '@reelay/contracts';
import { storedTemplates, type TemplateContent, type VersionedRecord } from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { ApiError } from '../http/api-error.js';
import { TemplateChecks } from './template-checks.js';

/** The templates: those that Reelay ships, and those that were made here. */
@Injectable()
export class TemplatesService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly checks: TemplateChecks,
  ) {}

  /** The newest version of each; the built-in ones first. */
  async list(): Promise<TemplateSummary[]> {
    const views = [
      ...[...BUILT_IN_TEMPLATES.values()].map(builtInView),
      ...(await storedTemplates.list(this.dataSource)).map(recordView),
    ];
    return views.map(({ definition, ...view }) => ({ ...view, steps: definition.steps.length }));
  }

  /** @throws {ApiError} 404 */
  async get(reference: string): Promise<TemplateDetail> {
    const view = await this.find(reference);
    const versions = view.builtIn ? [view.version] : await storedTemplates.usableVersions(this.dataSource, view.name);
    return { ...view, versions };
  }

  /** @throws {ApiError} 404 */
  async find(reference: string): Promise<TemplateView> {
    const { name, version } = parseTemplateReference(reference);
    const builtIn = BUILT_IN_TEMPLATES.get(name);
    if (builtIn) {
      if (version === null || version === builtIn.version) return builtInView(builtIn);
      throw notFound(reference);
    }
    const record = await storedTemplates.find(this.dataSource, name, version);
    if (record === null) throw notFound(reference);
    return recordView(record);
  }

  /** @throws {ApiError} 409 when the name is taken, 422 with every fault */
  async create(source: unknown): Promise<TemplateView> {
    const definition = await this.checks.require(source);
    refuseBuiltIn(definition.name);
    const added = await this.add(definition, 'new');
    if (added === null) {
      throw new ApiError(409, 'TEMPLATE_EXISTS', `There is a template ${definition.name} already`);
    }
    return recordView(added);
  }

  /** Makes a new version; runs that are there keep theirs. @throws {ApiError} 404, 409, 422 with every fault */
  async change(name: string, source: unknown): Promise<TemplateView> {
    refuseBuiltIn(name);
    const fields = typeof source === 'object' && source !== null ? source : {};
    const definition = await this.checks.require({ ...fields, name });
    const added = await this.add(definition, 'known');
    if (added === null) throw notFound(name);
    return recordView(added);
  }

  /** New workflows can no longer use it. @throws {ApiError} 404, 409 */
  async delete(name: string): Promise<void> {
    refuseBuiltIn(name);
    if (!(await storedTemplates.delete(this.dataSource, name))) throw notFound(name);
  }

  private add(definition: WorkflowTemplate, expected: 'new' | 'known') {
    return this.dataSource.transaction((manager) =>
      storedTemplates.add(manager, definition.name, { definition }, expected),
    );
  }
}

const builtInView = ({ version, definition }: BuiltInTemplate): TemplateView => ({
  ...{ name: definition.name, version, description: definition.description, builtIn: true, definition },
  createdAt: null,
});

const recordView = ({ name, version, definition, createdAt }: VersionedRecord<TemplateContent>): TemplateView => ({
  ...{ name, version, description: definition.description, builtIn: false, definition },
  createdAt: createdAt.toISOString(),
});

const notFound = (reference: string): ApiError =>
  new ApiError(404, 'TEMPLATE_NOT_FOUND', `There is no workflow template ${reference}`);

function refuseBuiltIn(name: string): void {
  if (!BUILT_IN_TEMPLATES.has(name)) return;
  const detail = `The template ${name} is built in and cannot be changed: choose another name`;
  throw new ApiError(409, 'TEMPLATE_BUILT_IN', detail);
}
