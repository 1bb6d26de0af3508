using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Meshover.Console.Components;

/// <summary>The language of the viewer: each text stands in both where it is shown, so that none can be missing.</summary>
public sealed record Words(string Language)
{
    public const string Cookie = "meshover-language";

    public bool IsJapanese => Language == "ja";

    public string this[string english, string japanese] => IsJapanese ? japanese : english;

    /// <summary>As the viewer chose, else as the browser says.</summary>
    public static Words Of(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Cookies[Cookie] is "ja" or "en")
            return new Words(request.Cookies[Cookie]!);
        var first = request.GetTypedHeaders().AcceptLanguage.OrderByDescending(language => language.Quality ?? 1).Select(language => language.Value.Value ?? "")
            .FirstOrDefault(language => language.StartsWith("ja", StringComparison.OrdinalIgnoreCase) || language.StartsWith("en", StringComparison.OrdinalIgnoreCase));
        return new Words(first?.StartsWith("ja", StringComparison.OrdinalIgnoreCase) == true ? "ja" : "en");
    }

    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    public static string Milliseconds(double? rtt) => rtt is { } ms ? ms.ToString(ms < 10 ? "0.00" : ms < 100 ? "0.0" : "0", CultureInfo.InvariantCulture) + " ms" : "–";

    /// <summary>As people read them, by powers of 1,024.</summary>
    public static string Bytes(ulong? bytes)
    {
        if (bytes is not { } number)
            return "–";
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
        var (value, unit) = ((double)number, 0);
        while (value >= 1024 && unit < units.Length - 1)
            (value, unit) = (value / 1024, unit + 1);
        return string.Create(CultureInfo.InvariantCulture, $"{(unit == 0 ? $"{value:0}" : $"{value:0.0}")} {units[unit]}");
    }

    public string State(string state) => !IsJapanese ? state : state switch
    {
        "ok" => "正常",
        "starting" => "起動中",
        "degraded" => "異常あり",
        "lost" => "応答なし",
        "unknown" => "不明",
        "removed" => "削除済み",
        "up" => "接続",
        "no answer" => "応答なし",
        "no BGP session" => "BGP セッションなし",
        "not up" => "切断",
        "no direct path" => "直接の経路なし",
        _ => state,
    };

    public string Severity(string severity) => severity switch
    {
        "fault" => this["fault", "障害"],
        "warning" => this["warning", "警告"],
        _ => this["notice", "通知"],
    };

    public string RoleOf(UseCases.Role role) => role switch
    {
        UseCases.Role.Administrator => this["administrator", "管理者"],
        UseCases.Role.Operator => this["operator", "オペレーター"],
        _ => this["viewer", "閲覧者"],
    };
}
