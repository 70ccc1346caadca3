import { Injectable } from '@nestjs/common';
import { MAX_PAGE_DEPTH, type ListWorkflowsQuery, type WorkflowDetail, type WorkflowPage } from '@reelay/contracts';
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
import { ApiError } from '../http/api-error.js';
import { cursorOf, placeOf } from '../http/cursor.js';
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
    if (page !== undefined && cursor !== undefined) {
      throw new ApiError(400, 'REQUEST_INVALID', 'page and cursor exclude each other: name one of them');
    }
    const offset = ((page ?? 1) - 1) * limit;
    if (offset + limit > MAX_PAGE_DEPTH) {
      const detail = `page: the first ${String(MAX_PAGE_DEPTH)} workflows can be reached by pages; follow nextCursor from there`;
      throw new ApiError(400, 'PAGE_TOO_DEEP', detail);
    }
    const from = cursor === undefined ? null : placeOf(cursor, sort, 1);
    const after = from && { place: from.keys[0] ?? '', id: from.id };
    const [rows, { total, exact }] = await Promise.all([
      // One more tells whether anything follows.
      listWorkflows(this.dataSource, filter, { sort, after, offset, limit: limit + 1 }),
      countWorkflows(this.dataSource, filter),
    ]);
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1) : undefined;
    return {
      data: shown.map(toWorkflowSummary),
      pagination: {
        page: cursor === undefined ? (page ?? 1) : null,
        ...{ limit, total, totalPages: Math.ceil(total / limit), totalExact: exact },
        nextCursor: last ? cursorOf(sort, { keys: [last.place], id: last.id }) : null,
      },
    };
  }
}
