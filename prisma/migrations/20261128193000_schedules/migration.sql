-- AlterTable
ALTER TABLE "sources" ADD COLUMN     "excluded" BIGINT NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "schedules" ADD COLUMN     "keepZone" TEXT,
ADD COLUMN     "lastOutcome" TEXT,
ADD COLUMN     "lastNote" TEXT;
