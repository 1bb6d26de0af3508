using ARSoft.Tools.Net;
using ARSoft.Tools.Net.Dns;
using ARSoft.Tools.Net.Dns.DynamicUpdate;

namespace Meshover.Names.Zones;

/// <summary>From a question to the answer. Pure. Authoritative only: nothing is looked up anywhere else.</summary>
internal static class Answers
{
    /// <summary>Bytes of an answer by UDP that no link of the internet cuts in pieces (DNS flag day 2020).</summary>
    private const ushort LargestDatagram = 1232, SmallestDatagram = 512;

    /// <param name="query">As it came.</param>
    /// <param name="zones">Null while there is no map.</param>
    public static DnsMessage To(DnsMessage query, ZoneTable? zones)
    {
        var answer = query.CreateResponseInstance();
        if (answer.EDnsOptions is { } options)
            options.UdpPayloadSize = Math.Clamp(options.UdpPayloadSize, SmallestDatagram, LargestDatagram);
        if (query.EDnsOptions is { Version: > 0 })
        {
            answer.EDnsOptions!.Version = 0; // what we speak (RFC 6891, section 6.1.3)
            answer.ReturnCode = ReturnCode.BadVersion;
            return answer;
        }
        answer.ReturnCode = (query, query.Questions) switch
        {
            ({ OperationCode: not OperationCode.Query }, _) => ReturnCode.NotImplemented,
            (_, [var question]) => Answer(question, zones, answer),
            _ => ReturnCode.FormatError,
        };
        return answer;
    }

    /// <summary>Names are changed by the controller alone.</summary>
    public static DnsUpdateMessage Refuse(DnsUpdateMessage update)
    {
        var answer = update.CreateResponseInstance();
        answer.ReturnCode = ReturnCode.Refused;
        return answer;
    }

    private static ReturnCode Answer(DnsQuestion question, ZoneTable? zones, DnsMessage answer)
    {
        if (zones is null)
            return ReturnCode.ServerFailure;
        if (question is not { RecordClass: RecordClass.INet or RecordClass.Any, RecordType: not (RecordType.Axfr or RecordType.Ixfr) } || zones.FindZone(question.Name) is not { } zone)
            return ReturnCode.Refused;
        answer.IsAuthoritiveAnswer = true;
        var records = zone.Find(question.Name);
        answer.AnswerRecords.AddRange((records ?? []).Where(record => question.RecordType == RecordType.Any || record.RecordType == question.RecordType));
        if (answer.AnswerRecords.Count == 0)
            answer.AuthorityRecords.Add(Negative(zone.Soa)); // RFC 2308, section 2
        foreach (var server in answer.AnswerRecords.OfType<NsRecord>())
            answer.AdditionalRecords.AddRange((zones.Forward.Find(server.NameServer) ?? []).Where(record => record is ARecord or AaaaRecord));
        return records is null ? ReturnCode.NxDomain : ReturnCode.NoError;
    }

    /// <summary>For how long "there is none" may be kept is the lesser one of two of its numbers (RFC 2308, section 5).</summary>
    private static SoaRecord Negative(SoaRecord soa) => new(
        soa.Name, soa.NegativeCachingTTL, soa.MasterName, soa.ResponsibleName, soa.SerialNumber, soa.RefreshInterval, soa.RetryInterval, soa.ExpireInterval, soa.NegativeCachingTTL);
}
