"""The calendar (活动日历): what begins, runs and ends, layer by layer. Rooms above register their layers."""
