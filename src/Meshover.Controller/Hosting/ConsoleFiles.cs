using Microsoft.AspNetCore.Hosting.StaticWebAssets;

namespace Meshover.Controller.Hosting;

/// <summary>
/// The files that the console's pages load. A published controller has them beside it (wwwroot); one that was only built knows where each of them lies.
/// </summary>
internal static class ConsoleFiles
{
    private const string Program = "meshover-controller";

    /// <summary>Which files there are, with their hashes and compressed forms; null: this build has none, so pages are without look and life.</summary>
    public static string? Manifest => Path.Combine(AppContext.BaseDirectory, $"{Program}.staticwebassets.endpoints.json") is var path && File.Exists(path) ? path : null;

    public static void Find(WebApplicationBuilder builder)
    {
        var built = Path.Combine(AppContext.BaseDirectory, $"{Program}.staticwebassets.runtime.json");
        if (!File.Exists(built))
            return;
        builder.Configuration[WebHostDefaults.StaticWebAssetsKey] = built;
        StaticWebAssetsLoader.UseStaticWebAssets(builder.Environment, builder.Configuration);
    }
}
