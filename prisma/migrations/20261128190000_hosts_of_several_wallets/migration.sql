-- A host that goes over to another wallet is an agent of each: nothing of the first wallet is deleted by the other's yes.
DROP INDEX "agents_identity_key";
CREATE UNIQUE INDEX "agents_identity_owner_key" ON "agents"("identity", "owner");
