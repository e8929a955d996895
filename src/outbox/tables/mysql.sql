-- Messages that are written in the transaction of the order they are about. MySQL 8.0.16 or MariaDB 10.6 or later.
CREATE TABLE courier_outbox (
  id              bigint UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  -- As for POST /v1/messages, with its "id".
  envelope        json NOT NULL,
  created_at      timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  -- Written by the relay when a row can never be accepted as it is.
  rejected_at     timestamp(3) NULL,
  rejected_code   varchar(64) NULL,
  rejected_reason varchar(1000) NULL,
  CONSTRAINT courier_outbox_has_id CHECK (COALESCE(JSON_TYPE(JSON_EXTRACT(envelope, '$.id')) = 'STRING', FALSE)),
  INDEX courier_outbox_waiting (rejected_at, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
