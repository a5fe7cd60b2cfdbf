"""A straight line through points, by least squares, one point after the other."""

import math
from typing import NamedTuple


class LineFit(NamedTuple):
    """Means and sums of what deviates from them, so that no sum loses digits."""

    points: int = 0
    mean_x: float = 0.0
    mean_y: float = 0.0
    xx: float = 0.0
    xy: float = 0.0
    yy: float = 0.0

    def with_point(self, x: float, y: float) -> "LineFit":
        """Return the fit with one more point."""
        points = self.points + 1
        dx, dy = x - self.mean_x, y - self.mean_y
        mean_x, mean_y = self.mean_x + dx / points, self.mean_y + dy / points
        return LineFit(
            points,
            mean_x,
            mean_y,
            self.xx + dx * (x - mean_x),
            self.xy + dx * (y - mean_y),
            self.yy + dy * (y - mean_y),
        )

    @property
    def slope(self) -> float:
        """Return the slope; NaN without two different places."""
        return self.xy / self.xx if self.xx > 0 else math.nan

    @property
    def slope_sd(self) -> float:
        """Return the standard error of the slope by what the points scatter; NaN with fewer than three."""
        if self.points < 3 or not self.xx > 0:
            return math.nan
        return math.sqrt(max(0.0, self.yy - self.xy**2 / self.xx) / (self.points - 2) / self.xx)
