import { existsSync } from 'node:fs';
import { installPackage, isExecutable, lookUp } from './apt.mjs';
import { Failure } from './progress.mjs';

const EXIT_CONFIG = 78;
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
/** Small, and has every character that pictures of the pages show. */
const FONT = { name: 'fonts-wqy-microhei', file: '/usr/share/fonts/truetype/wqy/wqy-microhei.ttc' };

/** The path of the browser to use, or undefined. `CHROMIUM_BIN` goes first. */
export function findChromium(env = process.env) {
  if (env.CHROMIUM_BIN) {
    if (isExecutable(env.CHROMIUM_BIN)) return env.CHROMIUM_BIN;
    throw new Failure(
      `CHROMIUM_BIN is ${env.CHROMIUM_BIN}, which is no program. ` +
        'Correct it, or unset it to use the one on the PATH.',
      EXIT_CONFIG,
    );
  }
  return lookUp(NAMES, env);
}

/** Only the browser tests and the screenshots need a browser. */
export async function installChromium() {
  await installPackage('chromium', byHand);
  if (findChromium()) return;
  throw new Failure(byHand('The package is in, but not on the PATH.'), EXIT_CONFIG);
}

export function hasChineseFont() {
  return existsSync(FONT.file);
}

/** Pictures of the pages are the same wherever they are taken if the font is. */
export async function installChineseFont() {
  await installPackage(FONT.name, (reason) => `No Chinese font could be installed. ${reason}`);
}

function byHand(reason) {
  return `No Chromium found, and it could not be installed. ${reason}

The browser tests drive a Chromium. Install one and repeat the command:
  Debian           sudo apt-get install chromium
  macOS            brew install --cask chromium
  Fedora, RHEL     sudo dnf install chromium
  Alpine           sudo apk add chromium
or point to the one that is there (Ubuntu's package is a snap; Google Chrome does as well):
                   CHROMIUM_BIN=/path/to/chromium`;
}
