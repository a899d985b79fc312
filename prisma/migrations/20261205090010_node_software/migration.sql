-- Which implementation and version a node ran, since which of its boots (spec part C): a record of use names its node and boot,
-- so what counted it is known without a word in the record. Of no tenant, as nodes are: it is read with usage alone.
CREATE TABLE "node_software" (
    "node_id" TEXT NOT NULL,
    "boot" BIGINT NOT NULL,
    "implementation" TEXT NOT NULL,
    "version" TEXT NOT NULL,

    CONSTRAINT "node_software_pkey" PRIMARY KEY ("node_id","boot")
);
GRANT SELECT, INSERT ON node_software TO patchbay_app;
