-- AlterTable
ALTER TABLE "alerts" ADD COLUMN     "cause" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "href" TEXT,
ADD COLUMN     "action" TEXT,
ADD COLUMN     "stage" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "quietLevel" "Level",
ADD COLUMN     "openedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
ADD COLUMN     "resolvedAt" TIMESTAMPTZ(3),
ADD COLUMN     "toldAt" TIMESTAMPTZ(3),
ADD COLUMN     "toldLevel" "Level",
ADD COLUMN     "toldStage" INTEGER;

-- CreateTable
CREATE TABLE "alert_messages" (
    "id" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "channel" TEXT NOT NULL,
    "body" JSONB NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'waiting',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "nextAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "status" INTEGER,
    "error" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sentAt" TIMESTAMPTZ(3),

    CONSTRAINT "alert_messages_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "alerts_state_resolvedAt_idx" ON "alerts"("state", "resolvedAt");

-- CreateIndex
CREATE INDEX "alert_messages_state_nextAt_idx" ON "alert_messages"("state", "nextAt");

-- CreateIndex
CREATE INDEX "alert_messages_owner_createdAt_idx" ON "alert_messages"("owner", "createdAt");
