/**
 * Writes examples/orders.csv, what a shop knows of its orders, and examples/recipients.csv, what
 * WeChat knows of the same people and the shop does not. The same files every time.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

const ROWS = 1000;
const FIRST_ORDER_AT = Date.parse('2026-11-22T08:00:00+08:00');
const MINUTE_MS = 60_000;

let seed = 20261122;
/** mulberry32: small, and the same on every machine. */
function random() {
  seed = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
}
const below = (count) => Math.floor(random() * count);
const pick = (list) => list[below(list.length)];

const SURNAMES = [...'王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗'];
const GIVEN = [
  '伟',
  '芳',
  '娜',
  '敏',
  '静',
  '磊',
  '洋',
  '婷',
  '宇航',
  '思远',
  '雨桐',
  '子涵',
  '欣怡',
];
GIVEN.push('建国', '秀英', '梓萱', '浩然', '晓燕', '志强', '梦洁');

/** Name and price in cents. The last ones are longer than the 20 characters WeChat takes. */
const ITEMS = [
  ['72%黑巧克力礼盒', 12_800],
  ['云南小粒咖啡豆 500g', 8_900],
  ['龙井明前茶 100g', 26_800],
  ['景德镇青花茶杯', 15_900],
  ['新疆灰枣 1kg', 4_580],
  ['五常大米 5kg', 7_990],
  ['赣南脐橙 10斤装', 5_980],
  ['阳澄湖大闸蟹礼券', 39_800],
  ['桂花糯米藕', 3_250],
  ['手工牛轧糖 300g', 4_990],
  ['宁夏枸杞 250g', 6_600],
  ['竹浆抽纸 24包', 3_990],
  ['儿童保温杯 350ml', 11_900],
  ['羊毛围巾 驼色', 19_900],
  ['机械键盘 87键', 34_900],
  ['蓝牙耳机 Air 3', 29_900],
];
const LONG_ITEMS = [
  ['云南凤庆古树滇红茶2026年春茶特级礼盒装', 32_800],
  ['东北黑土地有机五谷杂粮家庭组合装十二种共六公斤', 16_800],
];
const CARRIERS = [
  ['顺丰速运', 'SF'],
  ['中通快递', '731'],
  ['圆通速递', 'YT'],
  ['京东物流', 'JDVB'],
  ['韵达快递', '46'],
];
const REFUND_REASONS = ['七天无理由退货', '商品破损', '发错规格', '不想要了'];

/**
 * Kinds of customers: how many of a hundred, whether the shop writes to them as customer
 * service, and what WeChat knows of them.
 */
const CUSTOMERS = [
  { share: 50, chats: false, fact: () => ({}) },
  { share: 34, chats: true, fact: () => ({ last_event: 'message', hours_ago: 1 + below(40) }) },
  { share: 6, chats: true, fact: () => ({ last_event: 'message', hours_ago: 60 + below(600) }) },
  { share: 3, chats: false, fact: () => ({ follows: 'no' }) },
  { share: 1, chats: true, fact: () => ({ follows: 'no' }) },
  { share: 2, chats: false, fact: () => ({ account: 'sister' }) },
  { share: 1.5, chats: false, fact: () => ({ messages: 'off' }) },
  { share: 1, chats: false, fact: () => ({ blacklisted: 'yes' }) },
];
/** Buy for a whole office: more news than the five messages a window holds. */
const BULK_BUYERS = 4;
const BULK_ORDERS = 8;

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const PREFIX = 'oDm3x1';

function newCustomer({ chats, fact }) {
  const rest = Array.from({ length: 28 - PREFIX.length }, () => BASE64URL[below(64)]).join('');
  const known = { account: 'shop', follows: 'yes', messages: 'on', blacklisted: 'no' };
  return {
    openid: PREFIX + rest,
    customer: pick(SURNAMES) + pick(GIVEN),
    chats,
    fact: { ...known, last_event: '', hours_ago: '', ...fact() },
  };
}

function drawCustomer() {
  let drawn = random() * CUSTOMERS.reduce((sum, { share }) => sum + share, 0);
  return newCustomer(CUSTOMERS.find(({ share }) => (drawn -= share) < 0) ?? CUSTOMERS[0]);
}

let orders = 0;
/** The news of one order, in time: paid, mostly shipped, now and then refunded. */
function newOrder(buyer, bulk = false) {
  orders += 1;
  const at = FIRST_ORDER_AT + below(24 * 60) * MINUTE_MS + below(60) * 1000;
  const [item, price] = random() < 0.025 && !bulk ? pick(LONG_ITEMS) : pick(ITEMS);
  const quantity = bulk ? 10 + below(20) : 1 + (random() < 0.2 ? below(3) : 0);
  const [carrier, code] = pick(CARRIERS);
  const digits = String(1e11 + below(9e11)).slice(0, 12);
  const order = {
    order_no: `SO20261122${String(orders).padStart(5, '0')}`,
    openid: buyer.openid,
    customer: buyer.customer,
    item,
    quantity,
    amount: ((price * quantity) / 100).toFixed(2),
    paid_at: beijing(at),
  };
  const channel = buyer.chats ? 'custom' : 'template';
  const shipping = { carrier, tracking_no: code + digits };
  const news = [{ ...order, at, event: 'paid', channel: bulk ? 'custom' : 'template' }];
  if (bulk) return news;
  if (random() < 0.75) {
    const shippedAt = at + (3 + below(12)) * 60 * MINUTE_MS;
    news.push({ ...order, ...shipping, at: shippedAt, event: 'shipped', channel });
  }
  if (random() < 0.08) {
    const refundedAt = at + (20 + below(20)) * 60 * MINUTE_MS;
    const refund = { event: 'refunded', refund_reason: pick(REFUND_REASONS) };
    news.push({ ...order, ...shipping, ...refund, at: refundedAt, channel });
  }
  return news;
}

function beijing(ms) {
  return `${new Date(ms + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`;
}

const customers = [];
const rows = [];
for (let index = 0; index < BULK_BUYERS; index += 1) {
  const buyer = newCustomer(CUSTOMERS[1]);
  customers.push(buyer);
  for (let count = 0; count < BULK_ORDERS; count += 1) rows.push(...newOrder(buyer, true));
}
while (rows.length < ROWS) {
  const buyer = drawCustomer();
  customers.push(buyer);
  // At most two orders each, so that nobody with an open window uses it up.
  for (let count = random() < 0.25 ? 2 : 1; count > 0; count -= 1) rows.push(...newOrder(buyer));
}
rows.length = ROWS;
rows.sort((a, b) => a.at - b.at);

const ORDER_COLUMNS = ['order_no', 'event', 'channel', 'openid', 'customer', 'item', 'quantity'];
ORDER_COLUMNS.push('amount', 'paid_at', 'carrier', 'tracking_no', 'refund_reason');
const RECIPIENT_COLUMNS = ['openid', 'account', 'follows', 'messages', 'blacklisted'];
RECIPIENT_COLUMNS.push('last_event', 'hours_ago');

write('orders.csv', ORDER_COLUMNS, rows);
write(
  'recipients.csv',
  RECIPIENT_COLUMNS,
  customers.map(({ openid, fact }) => ({ openid, ...fact })),
);

function write(name, columns, records) {
  const lines = records.map((record) => columns.map((column) => record[column] ?? '').join(','));
  const file = path.join(import.meta.dirname, name);
  writeFileSync(file, `${[columns.join(','), ...lines].join('\n')}\n`);
  console.log(`${name}: ${records.length} rows`);
}
