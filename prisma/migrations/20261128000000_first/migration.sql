-- CreateEnum
CREATE TYPE "OrderState" AS ENUM ('preparing', 'active', 'ended', 'cancelled', 'refused', 'slashed');

-- CreateEnum
CREATE TYPE "ChallengeState" AS ENUM ('open', 'answered', 'failed');

-- CreateEnum
CREATE TYPE "SourceState" AS ENUM ('hashing', 'stubbing', 'ready', 'changed', 'failed');

-- CreateEnum
CREATE TYPE "SectorState" AS ENUM ('registered', 'billed', 'storing', 'draining', 'removed');

-- CreateEnum
CREATE TYPE "ContractState" AS ENUM ('applying', 'delivering', 'verifying', 'active', 'refused', 'closed');

-- CreateEnum
CREATE TYPE "PairingState" AS ENUM ('pending', 'approved', 'denied', 'collected');

-- CreateEnum
CREATE TYPE "CommandState" AS ENUM ('queued', 'delivered', 'done', 'failed', 'cancelled', 'expired');

-- CreateEnum
CREATE TYPE "JobState" AS ENUM ('waiting', 'running', 'paused', 'done', 'failed', 'cancelled');

-- CreateEnum
CREATE TYPE "Level" AS ENUM ('info', 'warning', 'error');

-- CreateEnum
CREATE TYPE "AlertState" AS ENUM ('open', 'snoozed', 'dismissed', 'resolved');

-- CreateTable
CREATE TABLE "chain_state" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "chainId" BIGINT NOT NULL,
    "market" TEXT NOT NULL,
    "token" TEXT NOT NULL,
    "deploymentBlock" BIGINT NOT NULL,
    "parameters" JSONB NOT NULL,
    "nextBlock" BIGINT NOT NULL,
    "headNumber" BIGINT NOT NULL DEFAULT 0,
    "headTime" BIGINT NOT NULL DEFAULT 0,
    "headSeenAt" TIMESTAMPTZ(3),
    "reorgs" INTEGER NOT NULL DEFAULT 0,
    "trouble" JSONB,

    CONSTRAINT "chain_state_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "chain_blocks" (
    "number" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,
    "timestamp" BIGINT NOT NULL,
    "hasEvents" BOOLEAN NOT NULL,

    CONSTRAINT "chain_blocks_pkey" PRIMARY KEY ("number")
);

-- CreateTable
CREATE TABLE "market_events" (
    "blockNumber" BIGINT NOT NULL,
    "logIndex" INTEGER NOT NULL,
    "blockHash" TEXT NOT NULL,
    "transactionHash" TEXT NOT NULL,
    "timestamp" BIGINT NOT NULL,
    "name" TEXT NOT NULL,
    "args" JSONB NOT NULL,
    "billId" BIGINT,
    "orderId" BIGINT,
    "user" TEXT,
    "miner" TEXT,

    CONSTRAINT "market_events_pkey" PRIMARY KEY ("blockNumber","logIndex")
);

-- CreateTable
CREATE TABLE "bills" (
    "billId" BIGINT NOT NULL,
    "miner" TEXT NOT NULL,
    "capacity" BIGINT NOT NULL,
    "free" BIGINT NOT NULL,
    "step" BIGINT NOT NULL,
    "price" DECIMAL(78,0) NOT NULL,
    "pledgeRate" INTEGER NOT NULL,
    "minWeeks" INTEGER NOT NULL,
    "maxWeeks" INTEGER NOT NULL,
    "bond" DECIMAL(78,0) NOT NULL,
    "createdAt" BIGINT NOT NULL,
    "expiresAt" BIGINT NOT NULL,
    "cancelled" BOOLEAN NOT NULL,
    "pledge" DECIMAL(78,0) NOT NULL,
    "orders" INTEGER NOT NULL,
    "createdBlock" BIGINT NOT NULL,
    "blockNumber" BIGINT NOT NULL,

    CONSTRAINT "bills_pkey" PRIMARY KEY ("billId")
);

-- CreateTable
CREATE TABLE "orders" (
    "orderId" BIGINT NOT NULL,
    "billId" BIGINT NOT NULL,
    "user" TEXT NOT NULL,
    "miner" TEXT NOT NULL,
    "state" "OrderState" NOT NULL,
    "capacity" BIGINT NOT NULL,
    "weeks" INTEGER NOT NULL,
    "price" DECIMAL(78,0) NOT NULL,
    "pledgeRate" INTEGER NOT NULL,
    "bond" DECIMAL(78,0) NOT NULL,
    "createdAt" BIGINT NOT NULL,
    "start" BIGINT NOT NULL,
    "endsAt" BIGINT NOT NULL,
    "termEndsAt" BIGINT NOT NULL,
    "noticeEndsAt" BIGINT NOT NULL,
    "endStatedByUser" BIGINT NOT NULL,
    "endStatedByMiner" BIGINT NOT NULL,
    "nextChallengeAt" BIGINT NOT NULL,
    "escrow" DECIMAL(78,0) NOT NULL,
    "pledge" DECIMAL(78,0) NOT NULL,
    "reserve" DECIMAL(78,0) NOT NULL,
    "claimed" DECIMAL(78,0) NOT NULL,
    "putIn" DECIMAL(78,0) NOT NULL,
    "paid" DECIMAL(78,0) NOT NULL,
    "refunded" DECIMAL(78,0) NOT NULL,
    "compensation" DECIMAL(78,0) NOT NULL,
    "bondsWon" DECIMAL(78,0) NOT NULL,
    "reward" DECIMAL(78,0) NOT NULL,
    "burned" DECIMAL(78,0) NOT NULL,
    "root" TEXT,
    "size" BIGINT,
    "userRoot" TEXT,
    "userSize" BIGINT,
    "userSigner" TEXT,
    "minerRoot" TEXT,
    "minerSize" BIGINT,
    "minerSigner" TEXT,
    "userPreparedBlock" BIGINT,
    "minerPreparedBlock" BIGINT,
    "challengeLeaf" BIGINT,
    "challengeDeadline" BIGINT,
    "challengeBond" DECIMAL(78,0),
    "refuseReason" TEXT,
    "ending" INTEGER,
    "createdBlock" BIGINT NOT NULL,
    "closedAt" BIGINT,
    "blockNumber" BIGINT NOT NULL,

    CONSTRAINT "orders_pkey" PRIMARY KEY ("orderId")
);

-- CreateTable
CREATE TABLE "challenges" (
    "orderId" BIGINT NOT NULL,
    "number" INTEGER NOT NULL,
    "user" TEXT NOT NULL,
    "miner" TEXT NOT NULL,
    "state" "ChallengeState" NOT NULL,
    "leafIndex" BIGINT NOT NULL,
    "bond" DECIMAL(78,0) NOT NULL,
    "challenger" TEXT NOT NULL,
    "openedAt" BIGINT NOT NULL,
    "deadline" BIGINT NOT NULL,
    "closedAt" BIGINT,
    "closedBy" TEXT,
    "openedTx" TEXT NOT NULL,
    "closedTx" TEXT,
    "openedBlock" BIGINT NOT NULL,
    "blockNumber" BIGINT NOT NULL,

    CONSTRAINT "challenges_pkey" PRIMARY KEY ("orderId","number")
);

-- CreateTable
CREATE TABLE "payments" (
    "blockNumber" BIGINT NOT NULL,
    "logIndex" INTEGER NOT NULL,
    "part" INTEGER NOT NULL,
    "account" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "amount" DECIMAL(78,0) NOT NULL,
    "credit" DECIMAL(78,0) NOT NULL,
    "billId" BIGINT,
    "orderId" BIGINT,
    "timestamp" BIGINT NOT NULL,
    "transactionHash" TEXT NOT NULL,

    CONSTRAINT "payments_pkey" PRIMARY KEY ("blockNumber","logIndex","part")
);

-- CreateTable
CREATE TABLE "endpoints" (
    "miner" TEXT NOT NULL,
    "billId" BIGINT NOT NULL,
    "url" TEXT NOT NULL,
    "blockNumber" BIGINT NOT NULL,

    CONSTRAINT "endpoints_pkey" PRIMARY KEY ("miner","billId")
);

-- CreateTable
CREATE TABLE "operators" (
    "owner" TEXT NOT NULL,
    "operator" TEXT NOT NULL,
    "scopes" INTEGER NOT NULL,
    "expiresAt" BIGINT NOT NULL,
    "gasFloat" DECIMAL(78,0) NOT NULL,
    "blockNumber" BIGINT NOT NULL,

    CONSTRAINT "operators_pkey" PRIMARY KEY ("owner","operator")
);

-- CreateTable
CREATE TABLE "users" (
    "address" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastSeenAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "users_pkey" PRIMARY KEY ("address")
);

-- CreateTable
CREATE TABLE "nonces" (
    "nonce" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "subject" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "nonces_pkey" PRIMARY KEY ("nonce")
);

-- CreateTable
CREATE TABLE "sessions" (
    "idHash" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "lastSeenAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "browser" TEXT,

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("idHash")
);

-- CreateTable
CREATE TABLE "tickets" (
    "hash" TEXT NOT NULL,
    "sessionId" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "tickets_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "settings" (
    "owner" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "value" JSONB NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "settings_pkey" PRIMARY KEY ("owner","key")
);

-- CreateTable
CREATE TABLE "rate_limits" (
    "key" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "resetAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "rate_limits_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "pairing_requests" (
    "id" TEXT NOT NULL,
    "deviceHash" TEXT NOT NULL,
    "userCode" TEXT NOT NULL,
    "identity" TEXT NOT NULL,
    "operator" TEXT NOT NULL,
    "hostId" TEXT NOT NULL,
    "hostName" TEXT NOT NULL,
    "os" TEXT NOT NULL,
    "arch" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "roles" TEXT[],
    "remote" TEXT,
    "words" TEXT NOT NULL,
    "state" "PairingState" NOT NULL DEFAULT 'pending',
    "approvedBy" TEXT,
    "agentName" TEXT,
    "agentId" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "pairing_requests_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "pairing_tokens" (
    "tokenHash" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "usesLeft" INTEGER NOT NULL DEFAULT 1,
    "usedBy" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "pairing_tokens_pkey" PRIMARY KEY ("tokenHash")
);

-- CreateTable
CREATE TABLE "agents" (
    "id" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "identity" TEXT NOT NULL,
    "operator" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "hostId" TEXT,
    "hostName" TEXT NOT NULL,
    "os" TEXT NOT NULL,
    "arch" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "roles" TEXT[],
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revokedAt" TIMESTAMPTZ(3),
    "connectedAt" TIMESTAMPTZ(3),
    "lastSeenAt" TIMESTAMPTZ(3),
    "instance" TEXT,
    "reportEpoch" TEXT,
    "lastSeq" BIGINT NOT NULL DEFAULT 0,
    "state" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "agents_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "agent_reports" (
    "agentId" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    "kind" TEXT NOT NULL,
    "body" JSONB NOT NULL,
    "receivedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "agent_reports_pkey" PRIMARY KEY ("agentId","seq")
);

-- CreateTable
CREATE TABLE "commands" (
    "id" BIGSERIAL NOT NULL,
    "agentId" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "args" JSONB NOT NULL,
    "requestKey" TEXT,
    "signature" JSONB,
    "state" "CommandState" NOT NULL DEFAULT 'queued',
    "progress" JSONB,
    "result" JSONB,
    "error" JSONB,
    "createdBy" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deliveredAt" TIMESTAMPTZ(3),
    "finishedAt" TIMESTAMPTZ(3),
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "commands_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sources" (
    "agentId" TEXT NOT NULL,
    "sourceId" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "state" "SourceState" NOT NULL,
    "excludes" JSONB NOT NULL DEFAULT '[]',
    "files" BIGINT NOT NULL DEFAULT 0,
    "bytes" BIGINT NOT NULL DEFAULT 0,
    "orders" JSONB NOT NULL DEFAULT '[]',
    "snapshots" INTEGER NOT NULL DEFAULT 0,
    "lastSnapshotAt" TIMESTAMPTZ(3),
    "progress" JSONB,
    "error" JSONB,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "removedAt" TIMESTAMPTZ(3),

    CONSTRAINT "sources_pkey" PRIMARY KEY ("agentId","sourceId")
);

-- CreateTable
CREATE TABLE "snapshots" (
    "agentId" TEXT NOT NULL,
    "sourceId" TEXT NOT NULL,
    "snapshotId" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "takenAt" TIMESTAMPTZ(3) NOT NULL,
    "files" BIGINT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "addedBytes" BIGINT NOT NULL DEFAULT 0,
    "partial" BOOLEAN NOT NULL DEFAULT false,
    "unreadable" INTEGER NOT NULL DEFAULT 0,
    "orders" JSONB NOT NULL DEFAULT '[]',
    "durable" BOOLEAN NOT NULL DEFAULT false,
    "forgotten" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "snapshots_pkey" PRIMARY KEY ("agentId","sourceId","snapshotId")
);

-- CreateTable
CREATE TABLE "sectors" (
    "agentId" TEXT NOT NULL,
    "sectorId" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "path" TEXT NOT NULL,
    "state" "SectorState" NOT NULL,
    "size" BIGINT NOT NULL,
    "used" BIGINT NOT NULL,
    "free" BIGINT NOT NULL,
    "diskFree" BIGINT,
    "mounted" BOOLEAN NOT NULL DEFAULT true,
    "bills" JSONB NOT NULL DEFAULT '[]',
    "orders" INTEGER NOT NULL DEFAULT 0,
    "error" JSONB,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "removedAt" TIMESTAMPTZ(3),

    CONSTRAINT "sectors_pkey" PRIMARY KEY ("agentId","sectorId")
);

-- CreateTable
CREATE TABLE "contracts" (
    "agentId" TEXT NOT NULL,
    "orderId" BIGINT NOT NULL,
    "owner" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "state" "ContractState" NOT NULL,
    "sourceId" TEXT,
    "sectorId" TEXT,
    "deliveredBytes" BIGINT,
    "totalBytes" BIGINT,
    "rate" DOUBLE PRECISION,
    "error" JSONB,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "contracts_pkey" PRIMARY KEY ("agentId","orderId")
);

-- CreateTable
CREATE TABLE "jobs" (
    "agentId" TEXT NOT NULL,
    "jobId" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "state" "JobState" NOT NULL,
    "stage" TEXT,
    "sourceId" TEXT,
    "orderId" BIGINT,
    "commandId" BIGINT,
    "done" BIGINT NOT NULL DEFAULT 0,
    "total" BIGINT NOT NULL DEFAULT 0,
    "rate" DOUBLE PRECISION,
    "note" TEXT,
    "result" JSONB,
    "error" JSONB,
    "startedAt" TIMESTAMPTZ(3),
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finishedAt" TIMESTAMPTZ(3),

    CONSTRAINT "jobs_pkey" PRIMARY KEY ("agentId","jobId")
);

-- CreateTable
CREATE TABLE "schedules" (
    "agentId" TEXT NOT NULL,
    "sourceId" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "spec" TEXT NOT NULL,
    "timeZone" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "keepLast" INTEGER,
    "keepDaily" INTEGER,
    "keepWeekly" INTEGER,
    "keepMonthly" INTEGER,
    "revision" INTEGER NOT NULL DEFAULT 1,
    "agentHas" INTEGER NOT NULL DEFAULT 0,
    "nextRunAt" TIMESTAMPTZ(3),
    "lastRunAt" TIMESTAMPTZ(3),
    "missedRuns" INTEGER NOT NULL DEFAULT 0,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "schedules_pkey" PRIMARY KEY ("agentId","sourceId")
);

-- CreateTable
CREATE TABLE "journal" (
    "id" BIGSERIAL NOT NULL,
    "owner" TEXT NOT NULL,
    "agentId" TEXT,
    "seq" BIGINT,
    "time" TIMESTAMPTZ(3) NOT NULL,
    "role" TEXT,
    "level" "Level" NOT NULL,
    "event" TEXT NOT NULL,
    "subject" TEXT,
    "message" TEXT NOT NULL,
    "data" JSONB,
    "transactionHash" TEXT,

    CONSTRAINT "journal_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "alerts" (
    "id" BIGSERIAL NOT NULL,
    "owner" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "level" "Level" NOT NULL,
    "code" TEXT NOT NULL,
    "subject" TEXT,
    "message" TEXT NOT NULL,
    "hint" TEXT NOT NULL,
    "moneyAtStake" DECIMAL(78,0),
    "deadline" TIMESTAMPTZ(3),
    "count" INTEGER NOT NULL DEFAULT 1,
    "state" "AlertState" NOT NULL DEFAULT 'open',
    "snoozedUntil" TIMESTAMPTZ(3),
    "firstAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "alerts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "changes" (
    "id" BIGSERIAL NOT NULL,
    "topic" TEXT NOT NULL,
    "owner" TEXT,
    "key" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "changes_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "market_events_orderId_blockNumber_logIndex_idx" ON "market_events"("orderId", "blockNumber", "logIndex");

-- CreateIndex
CREATE INDEX "market_events_billId_blockNumber_logIndex_idx" ON "market_events"("billId", "blockNumber", "logIndex");

-- CreateIndex
CREATE INDEX "market_events_user_blockNumber_logIndex_idx" ON "market_events"("user", "blockNumber", "logIndex");

-- CreateIndex
CREATE INDEX "market_events_miner_blockNumber_logIndex_idx" ON "market_events"("miner", "blockNumber", "logIndex");

-- CreateIndex
CREATE INDEX "market_events_transactionHash_idx" ON "market_events"("transactionHash");

-- CreateIndex
CREATE UNIQUE INDEX "market_events_blockHash_logIndex_key" ON "market_events"("blockHash", "logIndex");

-- CreateIndex
CREATE INDEX "bills_miner_billId_idx" ON "bills"("miner", "billId");

-- CreateIndex
CREATE INDEX "bills_cancelled_free_price_billId_idx" ON "bills"("cancelled", "free", "price", "billId");

-- CreateIndex
CREATE INDEX "bills_price_billId_idx" ON "bills"("price", "billId");

-- CreateIndex
CREATE INDEX "bills_blockNumber_idx" ON "bills"("blockNumber");

-- CreateIndex
CREATE INDEX "orders_user_orderId_idx" ON "orders"("user", "orderId");

-- CreateIndex
CREATE INDEX "orders_miner_orderId_idx" ON "orders"("miner", "orderId");

-- CreateIndex
CREATE INDEX "orders_user_state_orderId_idx" ON "orders"("user", "state", "orderId");

-- CreateIndex
CREATE INDEX "orders_miner_state_orderId_idx" ON "orders"("miner", "state", "orderId");

-- CreateIndex
CREATE INDEX "orders_state_orderId_idx" ON "orders"("state", "orderId");

-- CreateIndex
CREATE INDEX "orders_endsAt_orderId_idx" ON "orders"("endsAt", "orderId");

-- CreateIndex
CREATE INDEX "orders_billId_orderId_idx" ON "orders"("billId", "orderId");

-- CreateIndex
CREATE INDEX "orders_challengeDeadline_idx" ON "orders"("challengeDeadline");

-- CreateIndex
CREATE INDEX "orders_blockNumber_idx" ON "orders"("blockNumber");

-- CreateIndex
CREATE INDEX "challenges_user_openedBlock_idx" ON "challenges"("user", "openedBlock");

-- CreateIndex
CREATE INDEX "challenges_miner_state_deadline_idx" ON "challenges"("miner", "state", "deadline");

-- CreateIndex
CREATE INDEX "payments_account_blockNumber_logIndex_idx" ON "payments"("account", "blockNumber", "logIndex");

-- CreateIndex
CREATE INDEX "payments_account_kind_timestamp_idx" ON "payments"("account", "kind", "timestamp");

-- CreateIndex
CREATE INDEX "payments_orderId_idx" ON "payments"("orderId");

-- CreateIndex
CREATE INDEX "endpoints_blockNumber_idx" ON "endpoints"("blockNumber");

-- CreateIndex
CREATE INDEX "operators_operator_idx" ON "operators"("operator");

-- CreateIndex
CREATE INDEX "operators_blockNumber_idx" ON "operators"("blockNumber");

-- CreateIndex
CREATE INDEX "nonces_expiresAt_idx" ON "nonces"("expiresAt");

-- CreateIndex
CREATE INDEX "sessions_address_idx" ON "sessions"("address");

-- CreateIndex
CREATE INDEX "sessions_expiresAt_idx" ON "sessions"("expiresAt");

-- CreateIndex
CREATE INDEX "tickets_expiresAt_idx" ON "tickets"("expiresAt");

-- CreateIndex
CREATE INDEX "tickets_sessionId_idx" ON "tickets"("sessionId");

-- CreateIndex
CREATE INDEX "rate_limits_resetAt_idx" ON "rate_limits"("resetAt");

-- CreateIndex
CREATE UNIQUE INDEX "pairing_requests_deviceHash_key" ON "pairing_requests"("deviceHash");

-- CreateIndex
CREATE UNIQUE INDEX "pairing_requests_userCode_key" ON "pairing_requests"("userCode");

-- CreateIndex
CREATE INDEX "pairing_requests_identity_idx" ON "pairing_requests"("identity");

-- CreateIndex
CREATE INDEX "pairing_requests_expiresAt_idx" ON "pairing_requests"("expiresAt");

-- CreateIndex
CREATE INDEX "pairing_tokens_owner_idx" ON "pairing_tokens"("owner");

-- CreateIndex
CREATE INDEX "pairing_tokens_expiresAt_idx" ON "pairing_tokens"("expiresAt");

-- CreateIndex
CREATE UNIQUE INDEX "agents_identity_key" ON "agents"("identity");

-- CreateIndex
CREATE INDEX "agents_owner_id_idx" ON "agents"("owner", "id");

-- CreateIndex
CREATE INDEX "agents_operator_idx" ON "agents"("operator");

-- CreateIndex
CREATE INDEX "agent_reports_receivedAt_idx" ON "agent_reports"("receivedAt");

-- CreateIndex
CREATE INDEX "commands_agentId_id_idx" ON "commands"("agentId", "id");

-- CreateIndex
CREATE INDEX "commands_agentId_state_id_idx" ON "commands"("agentId", "state", "id");

-- CreateIndex
CREATE INDEX "commands_createdBy_id_idx" ON "commands"("createdBy", "id");

-- CreateIndex
CREATE INDEX "commands_state_expiresAt_idx" ON "commands"("state", "expiresAt");

-- CreateIndex
CREATE UNIQUE INDEX "commands_agentId_requestKey_key" ON "commands"("agentId", "requestKey");

-- CreateIndex
CREATE INDEX "sources_owner_sourceId_idx" ON "sources"("owner", "sourceId");

-- CreateIndex
CREATE INDEX "snapshots_owner_takenAt_idx" ON "snapshots"("owner", "takenAt");

-- CreateIndex
CREATE INDEX "sectors_owner_sectorId_idx" ON "sectors"("owner", "sectorId");

-- CreateIndex
CREATE INDEX "contracts_owner_orderId_idx" ON "contracts"("owner", "orderId");

-- CreateIndex
CREATE INDEX "jobs_owner_updatedAt_idx" ON "jobs"("owner", "updatedAt");

-- CreateIndex
CREATE INDEX "jobs_agentId_state_idx" ON "jobs"("agentId", "state");

-- CreateIndex
CREATE INDEX "schedules_owner_idx" ON "schedules"("owner");

-- CreateIndex
CREATE INDEX "journal_owner_id_idx" ON "journal"("owner", "id");

-- CreateIndex
CREATE INDEX "journal_owner_level_id_idx" ON "journal"("owner", "level", "id");

-- CreateIndex
CREATE INDEX "journal_owner_event_id_idx" ON "journal"("owner", "event", "id");

-- CreateIndex
CREATE INDEX "journal_owner_agentId_id_idx" ON "journal"("owner", "agentId", "id");

-- CreateIndex
CREATE INDEX "journal_owner_subject_id_idx" ON "journal"("owner", "subject", "id");

-- CreateIndex
CREATE INDEX "journal_owner_time_idx" ON "journal"("owner", "time");

-- CreateIndex
CREATE UNIQUE INDEX "journal_agentId_seq_key" ON "journal"("agentId", "seq");

-- CreateIndex
CREATE INDEX "alerts_owner_state_lastAt_idx" ON "alerts"("owner", "state", "lastAt");

-- CreateIndex
CREATE UNIQUE INDEX "alerts_owner_key_key" ON "alerts"("owner", "key");

-- CreateIndex
CREATE INDEX "changes_owner_id_idx" ON "changes"("owner", "id");

-- CreateIndex
CREATE INDEX "changes_topic_id_idx" ON "changes"("topic", "id");

-- CreateIndex
CREATE INDEX "changes_at_idx" ON "changes"("at");

-- AddForeignKey
ALTER TABLE "tickets" ADD CONSTRAINT "tickets_sessionId_fkey" FOREIGN KEY ("sessionId") REFERENCES "sessions"("idHash") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "agent_reports" ADD CONSTRAINT "agent_reports_agentId_fkey" FOREIGN KEY ("agentId") REFERENCES "agents"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "commands" ADD CONSTRAINT "commands_agentId_fkey" FOREIGN KEY ("agentId") REFERENCES "agents"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sources" ADD CONSTRAINT "sources_agentId_fkey" FOREIGN KEY ("agentId") REFERENCES "agents"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "snapshots" ADD CONSTRAINT "snapshots_agentId_fkey" FOREIGN KEY ("agentId") REFERENCES "agents"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sectors" ADD CONSTRAINT "sectors_agentId_fkey" FOREIGN KEY ("agentId") REFERENCES "agents"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "contracts" ADD CONSTRAINT "contracts_agentId_fkey" FOREIGN KEY ("agentId") REFERENCES "agents"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "jobs" ADD CONSTRAINT "jobs_agentId_fkey" FOREIGN KEY ("agentId") REFERENCES "agents"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "schedules" ADD CONSTRAINT "schedules_agentId_fkey" FOREIGN KEY ("agentId") REFERENCES "agents"("id") ON DELETE CASCADE ON UPDATE CASCADE;


