import { Redis } from 'ioredis';
import { sha1 } from './script-names.mjs';

/** Of the connection, the clock and the lock: they say nothing about a message. */
const NOISE = new Set(
  'auth bzpopmin client extendLock getCounts extendLocks hello info ping quit script select time'.split(
    ' ',
  ),
);
/**
 * Settings that every worker writes when it starts, whose turn a chore is, whether Redis was
 * emptied, and what timers look at: pause and pace of an account, how many messages are unknown.
 */
const NOISE_BY_KEY =
  /^(?:hset|hdel|hmset)\.\S+-meta$|^set\.turn-|^[gs]et\.courier-installation$|^zcard\.unknown$|^hmget\.(?:pause|sleep-\w+|\S+-meta)$/;
/**
 * Asked again and again, mostly in vain. Only an answer with something in it is a point, so that
 * the number of a point does not depend on how long a process was idle.
 */
const POLLS =
  /(?:^|\.)(?:moveToActive|moveStalledJobsToWait|getJobs)$|^zrange\.dead-pending$|^zrangebyscore\.(?:handovers|unknown)$/;
/** They change nothing, so that a death after one is a death before the next command. */
const READS =
  /^(?:get|hget|hgetall|hmget|exists|pttl|smembers|zcard|zrange|zscore)\.|\.(?:getState|getStateV2|isFinished|getRateLimitTtl)$/;

/**
 * Passes a point before each command of any connection, when it is written to the socket, and
 * when its reply is here but nobody has seen it yet.
 *
 * @param {(label: string, moment: string) => void} pass
 * @param {readonly { name: string; sha: string }[]} ours the Lua scripts of our own
 */
export function watchRedis(pass, ours) {
  const names = new Map(ours.map(({ name, sha }) => [sha, { name, ours: true }]));
  const { defineCommand, sendCommand } = Redis.prototype;
  const seen = new WeakSet();

  Redis.prototype.defineCommand = function named(name, definition) {
    names.set(sha1(definition.lua), { name: name.split(':')[0], ours: false });
    return defineCommand.call(this, name, definition);
  };
  Redis.prototype.sendCommand = function watched(command, stream) {
    // One that waited for the connection comes here twice.
    if (seen.has(command)) return sendCommand.call(this, command, stream);
    seen.add(command);
    const label = labelOf(command, names);
    if (label === undefined) return sendCommand.call(this, command, stream);
    const poll = POLLS.test(label);
    const write = !poll && !READS.test(label);
    if (poll || write) {
      onReply(command, (reply) => {
        if (write || isFruitful(reply)) pass(label, 'after');
      });
    }
    if (!poll) pass(label, 'before');
    const before = this.stream?.bytesWritten;
    const promise = sendCommand.call(this, command, stream);
    // All commands of a pipeline are written together with the last of them.
    if (write && this.stream?.bytesWritten !== before) pass(label, 'written');
    return promise;
  };
}

function onReply(command, listener) {
  const { resolve, reject } = command;
  command.resolve = (reply) => {
    listener(reply);
    return resolve(reply);
  };
  command.reject = (error) => {
    listener(null);
    return reject(error);
  };
}

/** `begin` for our scripts, `template.moveToFinished` for BullMQ's, `zrem.dead-pending` for the rest. */
function labelOf(command, names) {
  const { name, args } = command;
  if (NOISE.has(name)) return undefined;
  if (name === 'eval' || name === 'evalsha') {
    const script = names.get(name === 'eval' ? sha1(String(args[0])) : String(args[0]));
    if (script === undefined) return `unknown-script.${keyName(args[2])}`;
    if (NOISE.has(script.name)) return undefined;
    return script.ours ? script.name : `${queueName(args[2])}.${script.name}`;
  }
  const label = `${name}.${keyName(args[0])}`;
  return NOISE_BY_KEY.test(label) ? undefined : label;
}

function isFruitful(reply) {
  const first = Array.isArray(reply) ? reply[0] : reply;
  if (Array.isArray(first)) return first.length > 0;
  return Buffer.isBuffer(first) || (typeof first === 'string' && first !== '');
}

/** `courier:{wx1}:wx1.template:wait` is of the queue `template`. */
function queueName(key) {
  return keyName(key).replace(/^(template|custom|dead-letter).*$/, '$1');
}

/** A key without what differs from run to run: `template-wait`, `m-id`, `token`. */
function keyName(key) {
  return String(key)
    .replace(/^courier:\{[^}]*\}:/, '')
    .replace(/^[\w-]+\.(template|custom)(?=:|$)/, '$1')
    .replace(/(?:[\w-]{6,64}\.)?\b[0-9a-z]{26}(?:\.\d+)?$/, 'id')
    .replaceAll(':', '-');
}
