import { Injectable } from '@nestjs/common';
import type { ListWorkflowsQuery, WorkflowDetail, WorkflowPage } from '@reelay/contracts';
import { statesOf } from '@reelay/domain';
import {
  countWorkflows,
  findWorkflow,
  listWorkflows,
  readRuns,
  readWorkflowJobs,
  type WorkflowRow,
} from '@reelay/persistence';
import { DataSource } from 'typeorm';
import { placeOf } from '../http/cursor.js';
import { cutPage, offsetOf, paginationOf } from '../http/page.js';
import { WorkflowEngine } from './workflow-engine.js';
import { workflowNotFound } from './workflow-errors.js';
import { toWorkflowDetail, toWorkflowSummary } from './workflow.view.js';

/** Shows workflows. */
@Injectable()
export class WorkflowReader {
  constructor(
    private readonly dataSource: DataSource,
    private readonly engine: WorkflowEngine,
  ) {}

  /** @throws {ApiError} 404 */
  async get(id: string): Promise<WorkflowDetail> {
    const row = await this.require(id);
    const [[run], jobs, compiled] = await Promise.all([
      readRuns(this.dataSource, [id]),
      readWorkflowJobs(this.dataSource, id),
      this.engine.compiledOf(this.dataSource.manager, id),
    ]);
    if (!run) throw workflowNotFound(id);
    return toWorkflowDetail(row, compiled, statesOf(compiled, run), jobs);
  }

  /** A run as it is stored. @throws {ApiError} 404 */
  async require(id: string): Promise<WorkflowRow> {
    const row = await findWorkflow(this.dataSource, id);
    if (!row) throw workflowNotFound(id);
    return row;
  }

  /** @throws {ApiError} 400 for a cursor that is not of this list, and for a page that lies too deep */
  async list({ page, cursor, limit, sort, ...filter }: ListWorkflowsQuery): Promise<WorkflowPage> {
    const asked = { page, cursor, limit };
    const offset = offsetOf(asked, 'workflows');
    const from = cursor === undefined ? null : placeOf(cursor, sort, 1);
    const after = from && { place: from.keys[0] ?? '', id: from.id };
    const [rows, counted] = await Promise.all([
      listWorkflows(this.dataSource, filter, { sort, after, offset, limit: limit + 1 }),
      countWorkflows(this.dataSource, filter),
    ]);
    const { shown, nextCursor } = cutPage(rows, limit, sort, ({ place, id }) => ({ keys: [place], id }));
    return { data: shown.map(toWorkflowSummary), pagination: paginationOf(asked, counted, nextCursor) };
  }
}
