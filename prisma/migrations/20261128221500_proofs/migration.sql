-- CreateTable
CREATE TABLE "proofs" (
    "agentId" TEXT NOT NULL,
    "orderId" BIGINT NOT NULL,
    "owner" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "checksPerDay" INTEGER NOT NULL,
    "leavesPerCheck" INTEGER NOT NULL,
    "lastProvenAt" TIMESTAMPTZ(3),
    "lastOutcome" TEXT,
    "lastAt" TIMESTAMPTZ(3),
    "lastLatencyMs" INTEGER,
    "nextAt" TIMESTAMPTZ(3),
    "probesLeft" INTEGER NOT NULL,
    "policy" TEXT NOT NULL,
    "escalation" JSONB,
    "removed" BOOLEAN NOT NULL DEFAULT false,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "proofs_pkey" PRIMARY KEY ("agentId","orderId")
);

-- CreateTable
CREATE TABLE "proof_days" (
    "agentId" TEXT NOT NULL,
    "orderId" BIGINT NOT NULL,
    "day" INTEGER NOT NULL,
    "owner" TEXT NOT NULL,
    "passed" INTEGER NOT NULL,
    "wrong" INTEGER NOT NULL,
    "refused" INTEGER NOT NULL,
    "offline" INTEGER NOT NULL,
    "unknown" INTEGER NOT NULL,
    "leaves" BIGINT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "medianMs" INTEGER,
    "maxMs" INTEGER,

    CONSTRAINT "proof_days_pkey" PRIMARY KEY ("agentId","orderId","day")
);

-- CreateTable
CREATE TABLE "answers" (
    "agentId" TEXT NOT NULL,
    "orderId" BIGINT NOT NULL,
    "leaf" BIGINT NOT NULL,
    "owner" TEXT NOT NULL,
    "deadline" BIGINT NOT NULL,
    "state" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL,
    "hash" TEXT,
    "error" JSONB,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "answers_pkey" PRIMARY KEY ("agentId","orderId","leaf")
);

-- CreateIndex
CREATE INDEX "proofs_owner_orderId_idx" ON "proofs"("owner", "orderId");

-- CreateIndex
CREATE INDEX "proof_days_owner_orderId_day_idx" ON "proof_days"("owner", "orderId", "day");

-- CreateIndex
CREATE INDEX "proof_days_agentId_day_idx" ON "proof_days"("agentId", "day");

-- CreateIndex
CREATE INDEX "answers_owner_orderId_idx" ON "answers"("owner", "orderId");

-- CreateIndex
CREATE INDEX "answers_agentId_deadline_idx" ON "answers"("agentId", "deadline");

-- AddForeignKey
ALTER TABLE "proofs" ADD CONSTRAINT "proofs_agentId_fkey" FOREIGN KEY ("agentId") REFERENCES "agents"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "proof_days" ADD CONSTRAINT "proof_days_agentId_fkey" FOREIGN KEY ("agentId") REFERENCES "agents"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "answers" ADD CONSTRAINT "answers_agentId_fkey" FOREIGN KEY ("agentId") REFERENCES "agents"("id") ON DELETE CASCADE ON UPDATE CASCADE;

