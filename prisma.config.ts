import { defineConfig } from 'prisma/config'

/** For the Prisma command line only; the dashboard applies migrations itself (packages/db/src/migrate.ts). */
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://127.0.0.1:5432/dmc' },
})
