CREATE TABLE `a` (`b` text)
--> statement-breakpoint
CREATE INDEX `i` ON `a` (`b`);--> statement-breakpoint
PRAGMA foreign_keys=OFF;
