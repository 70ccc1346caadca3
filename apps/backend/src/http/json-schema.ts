import type { JsonSchema } from '@reelay/contracts';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';

/** What is wrong with a value: its place below the value, such as `.ranges[0].start`, and why. */
export interface SchemaFault {
  readonly path: string;
  readonly message: string;
  /** The rule that it breaks. */
  readonly code: string;
}

/** Formats that are checked; others are taken as they come. */
const FORMATS = {
  uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  'date-time': /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/,
};

/**
 * Makes a check of a JSON Schema.
 * @param formats whether the formats of texts count
 * @throws {Error} when it is none
 */
export function compileSchema(
  { $schema: _, ...rules }: JsonSchema,
  { formats }: { formats: boolean },
): (value: unknown) => SchemaFault[] {
  const checked = formats ? { formats: FORMATS } : { validateFormats: false };
  // An instance for each schema: one for all would keep every schema that it ever saw.
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false, ...checked });
  const validate: ValidateFunction = ajv.compile(rules);
  return (value) => (validate(value) ? [] : (validate.errors ?? []).map(toFault));
}

const toFault = ({ instancePath, message, keyword, params }: ErrorObject): SchemaFault => ({
  path: instancePath
    .split('/')
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part.replaceAll('~1', '/').replaceAll('~0', '~')}`))
    .join(''),
  message:
    keyword === 'additionalProperties'
      ? `unknown field ${String((params as { additionalProperty: unknown }).additionalProperty)}`
      : (message ?? keyword),
  code: keyword,
});
