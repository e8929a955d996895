<?php
// Tells a customer that an order was paid: php paid_order.php 1001 oOPENID…
//
// COURIER_KEY is a key of "courier keys create"; COURIER_URL defaults to http://127.0.0.1:8080.
declare(strict_types=1);

const TRIES = 8;

// The id is derived from the order: repeating the call with it is safe.
const ENVELOPE = <<<'JSON'
{
  "appId": "wx0123456789abcdef",
  "kind": "template",
  "id": "order-%1$s-paid",
  "message": {
    "touser": "%2$s",
    "template_id": "ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY",
    "data": { "character_string1": { "value": "%1$s" } }
  }
}
JSON;

/** The answer of the API; repeats the call while nobody knows whether it was taken. */
function send(string $envelope): array
{
    $url = (getenv('COURIER_URL') ?: 'http://127.0.0.1:8080') . '/v1/messages';
    for ($attempt = 0; $attempt < TRIES; $attempt++) {
        $wait = min(2 ** $attempt, 30);
        $retryAfter = null;
        $call = curl_init($url);
        curl_setopt_array($call, [
            CURLOPT_POSTFIELDS => $envelope,
            CURLOPT_HTTPHEADER => [
                'Authorization: Bearer ' . getenv('COURIER_KEY'),
                'Content-Type: application/json',
            ],
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_CONNECTTIMEOUT => 3,
            CURLOPT_TIMEOUT => 10,
            CURLOPT_HEADERFUNCTION => function ($_, string $line) use (&$retryAfter): int {
                if (stripos($line, 'retry-after:') === 0) {
                    $retryAfter = (int) substr($line, 12);
                }
                return strlen($line);
            },
        ]);
        $body = curl_exec($call);
        $status = curl_getinfo($call, CURLINFO_RESPONSE_CODE);
        if ($body !== false && ($status === 200 || $status === 202)) {
            return json_decode($body, true, flags: JSON_THROW_ON_ERROR);
        }
        if ($body !== false && $status >= 400 && $status < 500 && $status !== 429) {
            throw new RuntimeException($body);
        }
        sleep($retryAfter ?? $wait);
    }
    throw new RuntimeException('not accepted after ' . TRIES . ' tries');
}

$answer = send(sprintf(ENVELOPE, $argv[1], $argv[2]));
echo $answer['status'], ' ', $answer['messageId'], PHP_EOL;
