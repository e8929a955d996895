import { Argument, Command, Option } from 'commander';
import { explainErrcode, type Language, LANGUAGES } from '../../shared/errcodes/errcode.ts';
import { answering, withExamples } from '../answer.ts';
import { renderFields } from '../table.ts';
import { UsageError } from '../usage-error.ts';

const LABELS = {
  en: { class: 'class', meaning: 'meaning', advice: 'what to do', now: 'what happens now' },
  zh: { class: '类别', meaning: '含义', advice: '怎么办', now: '系统如何处理' },
} as const;

export function explainCommand(): Command {
  const command = new Command('explain')
    .description('say what one of WeChat’s errcodes means and what to do about it')
    .addArgument(new Argument('<errcode>', 'as in 45015').argParser(parseErrcode))
    .addOption(
      new Option('--lang <language>', 'language of the explanation')
        .choices(LANGUAGES)
        .default(languageOf(process.env)),
    );
  withExamples(command, 'courier explain 45015', 'courier explain 45015 --lang zh');
  return answering(command, (errcode: number, { lang }: { lang: Language }) => {
    const explanation = explainErrcode(errcode, lang);
    const labels = LABELS[lang];
    const text = renderFields([
      ['errcode', String(errcode)],
      [labels.class, explanation.class],
      [labels.meaning, explanation.meaning],
      [labels.advice, explanation.advice],
      [labels.now, explanation.whatHappensNow],
    ]);
    return Promise.resolve({ json: explanation, text });
  });
}

export function parseErrcode(text: string): number {
  if (/^-?\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(
    `Expected a whole number such as 40037 as errcode, got "${text.slice(0, 40)}".`,
  );
}

function languageOf(env: NodeJS.ProcessEnv): Language {
  const locale = env['LC_ALL'] || env['LC_MESSAGES'] || env['LANG'] || '';
  return locale.startsWith('zh') ? 'zh' : 'en';
}
