import { JOB_CONTRACTS, parametersJsonSchema } from '../../libs/contracts/dist/index.js';

/** @typedef {{ type?: string, enum?: unknown[], format?: string, minimum?: number, maximum?: number, default?: unknown, description?: string, items?: Property, minItems?: number, maxItems?: number, anyOf?: Property[], const?: unknown }} Property */

/**
 * @param {Property} property
 * @returns {string}
 */
function typeOf(property) {
  if (property.anyOf) return property.anyOf.map(typeOf).join(' or ');
  if (property.const !== undefined) return `\`${String(property.const)}\``;
  if (property.items)
    return `${property.minItems ?? 0} to ${property.maxItems ?? 'any number'} of ${typeOf(property.items)}`;
  if (property.enum) return property.enum.map((value) => `\`${String(value)}\``).join(', ');
  const range =
    property.minimum !== undefined && property.maximum !== undefined && property.maximum < Number.MAX_SAFE_INTEGER
      ? ` ${property.minimum} to ${property.maximum}`
      : '';
  return `${property.format ?? property.type ?? 'any'}${range}`;
}

/**
 * @param {string} name
 * @param {Property} property
 * @param {boolean} required
 */
function row(name, property, required) {
  const fallback =
    property.default === undefined ? (required ? 'required' : '') : `\`${JSON.stringify(property.default)}\``;
  return `| \`${name}\` | ${typeOf(property)} | ${fallback} | ${property.description ?? ''} |`;
}

/** @param {import('../../libs/contracts/dist/index.js').JobContract} contract */
function section(contract) {
  const schema = /** @type {{ properties?: Record<string, Property>, required?: string[] }} */ (
    parametersJsonSchema(contract)
  );
  const rows = Object.entries(schema.properties ?? {}).map(([name, property]) =>
    row(name, property, schema.required?.includes(name) ?? false),
  );
  return [
    `## \`${contract.type}\``,
    '',
    `**${contract.label}.** ${contract.description}`,
    '',
    `Category \`${contract.category}\`, ${contract.vramMb} MB of VRAM.`,
    '',
    '| parameter | type | default | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/** The reference of job types, from their contracts. */
export function jobTypesPage() {
  const intro = [
    '# Job types',
    '',
    'Generated from the contracts by `npm run generate`.',
    '',
    'A client may send `videoId` instead of `inputPath`. Paths are relative to the library.',
    '',
    '',
  ].join('\n');
  return intro + [...JOB_CONTRACTS.values()].map(section).join('\n');
}
