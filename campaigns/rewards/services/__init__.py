"""The only writers of batches, stock, coupons and redemptions: one module a noun."""
