-- An account that two invoices are overdue of, such as of two sellers, had one row: paying the one lifted what the other was overdue
-- for. Each invoice has a row of its own, and the account is overdue while there is any. Processes of the release before write
-- and read these as they did; their release takes all rows of an account, as it took the one.
ALTER TABLE "overdue_account" DROP CONSTRAINT "overdue_account_pkey",
ADD CONSTRAINT "overdue_account_pkey" PRIMARY KEY ("account_id", "document_id");
