import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** A line that the source writes somewhere. */
export interface LogLiteral {
  /** From the project's folder, with the line. */
  readonly at: string;
  readonly level: string;
  /** What a template fills in is `…`. */
  readonly msg: string;
  /** Names of its fields, as far as they are written down in the same function. */
  readonly fields: readonly string[];
  /** Whether those are all. */
  readonly isComplete: boolean;
}

const LEVELS = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal']);

/** Every line that the files below a folder can log, by their syntax. */
export function logLiterals(root: string, folder: string): LogLiteral[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => literalsOf(root, path.join(folder, name)));
}

function literalsOf(root: string, file: string): LogLiteral[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  if (!text.includes('logger')) return [];
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: LogLiteral[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) found.push(...literalsOfCall(source, file, node));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function literalsOfCall(
  source: ts.SourceFile,
  file: string,
  call: ts.CallExpression,
): LogLiteral[] {
  const levels = levelsOf(call.expression);
  const last = call.arguments.at(-1);
  if (levels.length === 0 || !last) return [];
  const line = source.getLineAndCharacterOfPosition(call.getStart()).line + 1;
  const fields = call.arguments.length === 1 ? NONE : fieldsOf(call.arguments[0]);
  return levels.flatMap((level) =>
    textsOf(last).map((msg) => ({ at: `${file}:${line}`, level, msg, ...fields })),
  );
}

/** `logger.info`, `deps.logger.info`, `logger.child(…).info`, `logger[… ? 'warn' : 'info']`. */
function levelsOf(callee: ts.Expression): string[] {
  if (ts.isPropertyAccessExpression(callee)) {
    return isLogger(callee.expression) && LEVELS.has(callee.name.text) ? [callee.name.text] : [];
  }
  if (ts.isElementAccessExpression(callee) && isLogger(callee.expression)) {
    return textsOf(callee.argumentExpression);
  }
  return [];
}

function isLogger(node: ts.Expression): boolean {
  if (ts.isIdentifier(node)) return node.text === 'logger';
  if (ts.isPropertyAccessExpression(node)) return node.name.text === 'logger';
  return (
    ts.isCallExpression(node) &&
    ts.isPropertyAccessExpression(node.expression) &&
    node.expression.name.text === 'child' &&
    isLogger(node.expression.expression)
  );
}

/** What an expression can say; what is only known at run time is `…`. */
function textsOf(node: ts.Expression): string[] {
  if (ts.isParenthesizedExpression(node)) return textsOf(node.expression);
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isConditionalExpression(node)) {
    return [...textsOf(node.whenTrue), ...textsOf(node.whenFalse)];
  }
  if (ts.isTemplateExpression(node)) {
    return [node.head.text + node.templateSpans.map((span) => `…${span.literal.text}`).join('')];
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    return textsOf(node.left).flatMap((left) => textsOf(node.right).map((right) => left + right));
  }
  return ['…'];
}

type Fields = Pick<LogLiteral, 'fields' | 'isComplete'>;
const NONE: Fields = { fields: [], isComplete: true };

/** Names in an object literal, or in a constant that is one; those of conditional spreads too. */
function fieldsOf(node: ts.Expression | undefined): Fields {
  const literal = node && ts.isIdentifier(node) ? constantOf(node) : node;
  if (!literal || !ts.isObjectLiteralExpression(literal)) return { fields: [], isComplete: false };
  return literal.properties.reduce((known, property) => {
    const more: Fields = ts.isSpreadAssignment(property)
      ? fieldsOf(spreadOf(property.expression))
      : { fields: [property.name.getText().replaceAll("'", '')], isComplete: true };
    return {
      fields: [...known.fields, ...more.fields],
      isComplete: known.isComplete && more.isComplete,
    };
  }, NONE);
}

/** `(x && { a })` spreads `{ a }`. */
function spreadOf(node: ts.Expression): ts.Expression {
  if (ts.isParenthesizedExpression(node)) return spreadOf(node.expression);
  return ts.isBinaryExpression(node) ? spreadOf(node.right) : node;
}

/** What a name was declared as, in the nearest block around it. */
function constantOf(name: ts.Identifier): ts.Expression | undefined {
  for (let scope: ts.Node = name; !ts.isSourceFile(scope); scope = scope.parent) {
    if (!ts.isBlock(scope)) continue;
    for (const statement of scope.statements) {
      if (!ts.isVariableStatement(statement)) continue;
      const found = statement.declarationList.declarations.find(
        (one) => ts.isIdentifier(one.name) && one.name.text === name.text,
      );
      if (found) return found.initializer;
    }
  }
  return undefined;
}
